const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-2OWVLD7J.js";import"./chunk-OQLBTODV.js";import"./chunk-SWIUOKMZ.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
