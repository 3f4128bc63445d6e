const require=process.getBuiltinModule;
function valuesFile(values){let escaped=character=>`\\u${character.charCodeAt(0).toString(16).padStart(4,"0")}`;return`${JSON.stringify(values,null,2).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,escaped)}
`}export{valuesFile};
