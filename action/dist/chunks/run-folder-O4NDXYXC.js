const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-AE23KWKL.js";import"./chunk-CCY4S5LY.js";import"./chunk-OQLBTODV.js";import"./chunk-M4KHQQZU.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
