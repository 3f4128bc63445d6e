const require=process.getBuiltinModule;
import{__commonJS,__require}from"./chunk-SU4HHXBZ.js";var require_node_crypto=__commonJS({"builtin:node:crypto"(exports,module){module.exports=Object.create(new Proxy({},{get:(_,name)=>__require("node:crypto")[name]}))}});export{require_node_crypto};
