const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-UF4N24U6.js";import"./chunk-CCY4S5LY.js";import"./chunk-OQLBTODV.js";import"./chunk-E7GJ2R62.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
