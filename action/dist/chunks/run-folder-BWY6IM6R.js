const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-U6CBPYPY.js";import"./chunk-CCY4S5LY.js";import"./chunk-OQLBTODV.js";import"./chunk-PQSIKQDC.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
