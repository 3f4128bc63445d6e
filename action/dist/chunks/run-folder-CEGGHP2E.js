const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-OVJ6SP3M.js";import"./chunk-OQLBTODV.js";import"./chunk-4JM5NL5F.js";import"./chunk-SU4HHXBZ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
