const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-CCXTJWEX.js";import"./chunk-CR6NNXPS.js";import"./chunk-4P3B4ECM.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
