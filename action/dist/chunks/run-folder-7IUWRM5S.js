const require=process.getBuiltinModule;
import{createRunFolder,explainFull,openRunFolder,readOpenWork}from"./chunk-J2GDSYVW.js";import"./chunk-CR6NNXPS.js";import"./chunk-BWCXVGNY.js";import"./chunk-GUBIX7MQ.js";export{createRunFolder,explainFull,openRunFolder,readOpenWork};
