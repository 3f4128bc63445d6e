import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{createRunFolder,openRunFolder,readOpenWork}from"./chunk-XIRJPRPK.js";import"./chunk-T2QP5AMF.js";export{createRunFolder,openRunFolder,readOpenWork};
