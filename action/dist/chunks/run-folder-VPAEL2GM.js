const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-MFMDT7ZT.js";import"./chunk-CR6NNXPS.js";import"./chunk-ICJLKSR5.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
