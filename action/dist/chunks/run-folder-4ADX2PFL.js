const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-EX42SV56.js";import"./chunk-CR6NNXPS.js";import"./chunk-OQLBTODV.js";import"./chunk-43SXZNLF.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
