const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-DYBS3JQX.js";import"./chunk-L2VXWN7F.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
