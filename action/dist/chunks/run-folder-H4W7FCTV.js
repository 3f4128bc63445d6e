const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-TNBBIGQQ.js";import"./chunk-CR6NNXPS.js";import"./chunk-OQLBTODV.js";import"./chunk-KQYMMIX6.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
