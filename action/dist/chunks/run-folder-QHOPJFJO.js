const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-XHYXPRHD.js";import"./chunk-CR6NNXPS.js";import"./chunk-QAZBOIDX.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
