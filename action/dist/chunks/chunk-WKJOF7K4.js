const require=process.getBuiltinModule;
import{__commonJS,__require}from"./chunk-SU4HHXBZ.js";var require_node_os=__commonJS({"builtin:node:os"(exports,module){module.exports=Object.create(new Proxy({},{get:(_,name)=>__require("node:os")[name]}))}});export{require_node_os};
