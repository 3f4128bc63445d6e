const require=process.getBuiltinModule;
function orElse(work,otherwise){try{return work()}catch{return otherwise}}export{orElse};
