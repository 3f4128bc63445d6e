const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-TIH7M6VJ.js";import"./chunk-CR6NNXPS.js";import"./chunk-OQLBTODV.js";import"./chunk-AZEPMDXG.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
