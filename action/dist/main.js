const require=process.getBuiltinModule;
import{VERSION}from"./chunks/chunk-4XEBDG2F.js";import"./chunks/chunk-SU4HHXBZ.js";import{fileURLToPath}from"node:url";process.stdout.write(`acr-nopass ${VERSION}
`);var{runAction}=await import("./chunks/run-action-EOX2D7N4.js"),code=await runAction(process,fileURLToPath(new URL("../../chart",import.meta.url)));process.stdout.write("",()=>process.exit(code));
