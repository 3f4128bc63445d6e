import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
import{__commonJS,__require}from"./chunk-T2QP5AMF.js";var require_node_child_process=__commonJS({"builtin:node:child_process"(exports,module){module.exports=__require("node:child_process")}});export{require_node_child_process};
