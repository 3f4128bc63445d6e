const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-RRMOZ6QO.js";import"./chunk-OQLBTODV.js";import"./chunk-FLG2FVS3.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
