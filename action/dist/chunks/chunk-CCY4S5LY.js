const require=process.getBuiltinModule;
import{__commonJS,__require}from"./chunk-SU4HHXBZ.js";var require_promises=__commonJS({"builtin:node:fs/promises"(exports,module){module.exports=Object.create(new Proxy({},{get:(_,name)=>__require("node:fs/promises")[name]}))}});export{require_promises};
