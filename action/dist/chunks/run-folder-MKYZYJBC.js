const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-U3VGFYX5.js";import"./chunk-OQLBTODV.js";import"./chunk-DYHEZMFJ.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
