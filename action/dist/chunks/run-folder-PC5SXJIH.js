const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-BCNJTBET.js";import"./chunk-CCY4S5LY.js";import"./chunk-OQLBTODV.js";import"./chunk-4LSI2HGI.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
