const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-WLMTQYMJ.js";import"./chunk-CR6NNXPS.js";import"./chunk-R3LOGFH5.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
