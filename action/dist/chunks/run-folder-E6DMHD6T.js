const require=process.getBuiltinModule;
import{createRunFolder,openRunFolder,readOpenWork}from"./chunk-POGQEIAP.js";import"./chunk-CR6NNXPS.js";import"./chunk-F2KBTYRB.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,openRunFolder,readOpenWork};
