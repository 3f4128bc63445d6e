import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{createRunFolder,openRunFolder,readOpenWork}from"./chunk-LGV5OSYO.js";import"./chunk-ZD7VSLH2.js";import"./chunk-2NL6RTAI.js";import"./chunk-PWENQRV7.js";import"./chunk-T2QP5AMF.js";export{createRunFolder,openRunFolder,readOpenWork};
