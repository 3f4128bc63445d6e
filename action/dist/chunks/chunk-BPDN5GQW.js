const require=process.getBuiltinModule;
function takeEnvironment(env){let own={...env};for(let name of Object.keys(env))isOfRunner(name)&&delete env[name];return own}function isOfRunner(name){return/^(ACTIONS|INPUT)_/i.test(name)}export{takeEnvironment};
