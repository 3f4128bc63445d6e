const require=process.getBuiltinModule;
import{__commonJS,__require}from"./chunk-SU4HHXBZ.js";var require_node_tls=__commonJS({"builtin:node:tls"(exports,module){module.exports=Object.create(new Proxy({},{get:(_,name)=>__require("node:tls")[name]}))}});export{require_node_tls};
