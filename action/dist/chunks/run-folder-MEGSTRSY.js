const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-RCGAJCQA.js";import"./chunk-CR6NNXPS.js";import"./chunk-YV3ZPXVJ.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
