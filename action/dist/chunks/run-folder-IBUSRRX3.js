const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-KCTCODKC.js";import"./chunk-CR6NNXPS.js";import"./chunk-OQLBTODV.js";import"./chunk-EWGJRHEL.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
