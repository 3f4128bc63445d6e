const require=process.getBuiltinModule;
import{__commonJS,__require}from"./chunk-SU4HHXBZ.js";var require_node_url=__commonJS({"builtin:node:url"(exports,module){module.exports=Object.create(new Proxy({},{get:(_,name)=>__require("node:url")[name]}))}});export{require_node_url};
