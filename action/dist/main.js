const require=process.getBuiltinModule;
import{VERSION}from"./chunks/chunk-57B6HAYI.js";import"./chunks/chunk-SU4HHXBZ.js";import{fileURLToPath}from"node:url";process.stdout.write(`acr-nopass ${VERSION}
`);var{runAction}=await import("./chunks/run-action-JRVTU5BZ.js"),code=await runAction(process,fileURLToPath(new URL("../../chart",import.meta.url)));process.stdout.write("",()=>process.exit(code));
