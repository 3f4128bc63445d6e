const require=process.getBuiltinModule;
import{VERSION}from"./chunks/chunk-NUTRPZSC.js";import"./chunks/chunk-GUBIX7MQ.js";process.stdout.write(`acr-nopass ${VERSION}
`);var{runAction}=await import("./chunks/run-action-7QGAZXRT.js");process.exit(await runAction(process));
