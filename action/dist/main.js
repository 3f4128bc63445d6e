const require=process.getBuiltinModule;
import{VERSION}from"./chunks/chunk-PVSM7GA3.js";import"./chunks/chunk-SU4HHXBZ.js";import{fileURLToPath}from"node:url";process.stdout.write(`acr-nopass ${VERSION}
`);var{runAction}=await import("./chunks/run-action-CKZEFHKS.js"),code=await runAction(process,fileURLToPath(new URL("../../chart",import.meta.url)));process.stdout.write("",()=>process.exit(code));
