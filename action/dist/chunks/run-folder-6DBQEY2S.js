const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-2UQIO5MK.js";import"./chunk-CR6NNXPS.js";import"./chunk-LTH2IIR2.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
