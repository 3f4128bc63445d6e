const require=process.getBuiltinModule;
import{__commonJS,__require}from"./chunk-SU4HHXBZ.js";var require_node_net=__commonJS({"builtin:node:net"(exports,module){module.exports=Object.create(new Proxy({},{get:(_,name)=>__require("node:net")[name]}))}});export{require_node_net};
