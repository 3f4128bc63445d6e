const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-QHKK3XYW.js";import"./chunk-CCY4S5LY.js";import"./chunk-OQLBTODV.js";import"./chunk-6GVFYH7R.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
