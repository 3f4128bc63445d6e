const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-MOSQAJLO.js";import"./chunk-CR6NNXPS.js";import"./chunk-OQLBTODV.js";import"./chunk-2GSDIKS6.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
