const require=process.getBuiltinModule;
function takeEnvironment(env){let own={...env};for(let name of Object.keys(env))/^(ACTIONS|INPUT)_/i.test(name)&&delete env[name];return own}export{takeEnvironment};
