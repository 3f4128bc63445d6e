const require=process.getBuiltinModule;
import{__commonJS,__require}from"./chunk-GUBIX7MQ.js";var require_node_child_process=__commonJS({"builtin:node:child_process"(exports,module){module.exports=Object.create(new Proxy({},{get:(_,name)=>__require("node:child_process")[name]}))}});export{require_node_child_process};
