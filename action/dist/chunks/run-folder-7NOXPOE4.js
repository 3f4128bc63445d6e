const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-LEQ4AEGI.js";import"./chunk-OQLBTODV.js";import"./chunk-EVGEJZBG.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
