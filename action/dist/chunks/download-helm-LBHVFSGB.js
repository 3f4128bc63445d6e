const require=process.getBuiltinModule;
import{parseHelmVersion,runProgram}from"./chunk-YFMUYQKW.js";import"./chunk-JRZBHRHG.js";import{exchange}from"./chunk-VFHARID4.js";import"./chunk-2PVUG6X7.js";import{sha256}from"./chunk-TYVR3LIQ.js";import{agentProxy,proxyOf}from"./chunk-WXQPWPEA.js";import{NopassError}from"./chunk-PTUQFBFI.js";import"./chunk-SU4HHXBZ.js";import{existsSync}from"node:fs";import{chmod,mkdir,mkdtemp,rename,rm,writeFile}from"node:fs/promises";import http from"node:http";import https from"node:https";import{arch,platform}from"node:os";import{join}from"node:path";var SUMS=`
# helmfile, kubespray, rules_helm
961e587fc2c03807f8a99ac25ef063fa9e6915f1894729399cbb95d2a79af931  helm-v3.18.0-linux-amd64.tar.gz
489c9d2d3ea4e095331249d74b4407fb5ac1d338c28429d70cdedccfe6e2b029  helm-v3.18.0-linux-arm64.tar.gz
b1c7e8e261fd30f34c617282813ecafc63628fcd59a255a9fc51b1fe43394c05  helm-v3.18.1-linux-amd64.tar.gz
5ddc8fbd4b17857754a95be799543ceafa5aa9532b05f738ee590a76bb049988  helm-v3.18.1-linux-arm64.tar.gz
c5deada86fe609deefdf40e9cbbe3da2f8cf3f6a4551a0ebe7886dc8fcf98bce  helm-v3.18.2-linux-amd64.tar.gz
03181a494a0916b370a100a5b2536104963b095be53fb23d1e29b2afb1c7de8d  helm-v3.18.2-linux-arm64.tar.gz
# argo-cd, cert-manager, rules_helm
6ec85f306dd8fe9eb05c61ba4593182b2afcfefb52f21add3fe043ebbdc48e39  helm-v3.18.3-linux-amd64.tar.gz
3382ebdc6d6e027371551a63fc6e0a3073a1aec1061e346692932da61cfd8d24  helm-v3.18.3-linux-arm64.tar.gz
d186851d40b1999c5d75696bc0b754e4d29e860c8d0cf4c132ac1b1940c5cffc  helm-v3.18.3-darwin-amd64.tar.gz
3fe3e9739ab3c75d88bfe13e464a79a2a7a804fc692c3258fa6a9d185d53e377  helm-v3.18.3-darwin-arm64.tar.gz
f8180838c23d7c7d797b208861fecb591d9ce1690d8704ed1e4cb8e2add966c1  helm-v3.18.4-linux-amd64.tar.gz
c0a45e67eef0c7416a8a8c9e9d5d2d30d70e4f4d3f7bea5de28241fffa8f3b89  helm-v3.18.4-linux-arm64.tar.gz
860a7238285b44b5dc7b3c4dad6194316885d7015d77c34e23177e0e9554af8f  helm-v3.18.4-darwin-amd64.tar.gz
041849741550b20710d7ad0956e805ebd960b483fe978864f8e7fdd03ca84ec8  helm-v3.18.4-darwin-arm64.tar.gz
# helm, cert-manager
3f43c0aa57243852dd542493a0f54f1396c0bc8ec7296bbb2c01e802010819ce  helm-v3.18.6-linux-amd64.tar.gz
5b8e00b6709caab466cbbb0bc29ee09059b8dc9417991dd04b497530e49b1737  helm-v3.18.6-linux-arm64.tar.gz
80cad0470e38cf25731cdead7c32dfbeb887bc177bd6fa01e31b065722f8f06b  helm-v3.18.6-darwin-amd64.tar.gz
48e30d236a1f334c6acb78501be5a851eaa2a267fefeb1131b6484eb2f9f30d7  helm-v3.18.6-darwin-arm64.tar.gz
# cert-manager, rules_helm
a7f81ce08007091b86d8bd696eb4d86b8d0f2e1b9f6c714be62f82f96a594496  helm-v3.19.0-linux-amd64.tar.gz
440cf7add0aee27ebc93fada965523c1dc2e0ab340d4348da2215737fc0d76ad  helm-v3.19.0-linux-arm64.tar.gz
09a108c0abda42e45af172be65c49125354bf7cd178dbe10435e94540e49c7b9  helm-v3.19.0-darwin-amd64.tar.gz
31513e1193da4eb4ae042eb5f98ef9aca7890cfa136f4707c8d4f70e2115bef6  helm-v3.19.0-darwin-arm64.tar.gz
# argo-cd, cert-manager, rules_helm
2114c9dea2844dce6d0ee2d792a9aae846be8cf53d5b19dc2988b5a0e8fec26e  helm-v3.19.2-linux-amd64.tar.gz
566e9f3a5a83a81e4b03503ae37e368edd52d699619e8a9bb1fdf21561ae0e88  helm-v3.19.2-linux-arm64.tar.gz
7ef4416cdef4c2d78a09e1c8f07a51e945dc0343c883a46b1f628deab52690b7  helm-v3.19.2-darwin-amd64.tar.gz
f0847f899479b66a6dd8d9fcd452e8db2562e4cf3f7de28103f9fcf2b824f1d5  helm-v3.19.2-darwin-arm64.tar.gz
# argo-cd, pins
759c656fbd9c11e6a47784ecbeac6ad1eb16a9e76d202e51163ab78504848862  helm-v3.19.4-linux-amd64.tar.gz
9e1064f5de43745bdedbff2722a1674d0397bc4b4d8d8196d52a2b730909fe62  helm-v3.19.4-linux-arm64.tar.gz
d9c9b1fc499c54282c4127c60cdd506da2c6202506b708a2b45fb6dfdb318f43  helm-v3.19.4-darwin-amd64.tar.gz
7e82ca63fe80a298cecefad61d0c10bc47963ff3551e94ab6470be6393a6a74b  helm-v3.19.4-darwin-arm64.tar.gz
# helm, harvester
dbb4c8fc8e19d159d1a63dda8db655f9ffa4aac1b9a6b188b34a40957119b286  helm-v3.20.0-linux-amd64.tar.gz
bfb14953295d5324d47ab55f3dfba6da28d46c848978c8fbf412d4271bdc29f1  helm-v3.20.0-linux-arm64.tar.gz
# helm, argo-cd
0165ee4a2db012cc657381001e593e981f42aa5707acdd50658326790c9d0dc3  helm-v3.20.1-linux-amd64.tar.gz
56b9d1b0e0efbb739be6e68a37860ace8ec9c7d3e6424e3b55d4c459bc3a0401  helm-v3.20.1-linux-arm64.tar.gz
580515b544d5c966edc6f782c9ae88e21a9e10c786a7d6c5fd4b52613f321076  helm-v3.20.1-darwin-amd64.tar.gz
75cc96ac3fe8b8b9928eb051e55698e98d1e026967b6bffe4f0f3c538a551b65  helm-v3.20.1-darwin-arm64.tar.gz
258e830a9e613c8a7a302d6059b4bb3b9758f2f3e1bb8ea0d707ce10a9a72fea  helm-v3.20.2-linux-amd64.tar.gz
5ea2d6bc2cda3f8edf985e028809f5a9278f404fb8ab24044de9b7cb9b79a691  helm-v3.20.2-linux-arm64.tar.gz
7de04301f28b902a74f6286ed941cadc86ee5e6a9086a18f2ccf1f548e99d618  helm-v3.20.2-darwin-amd64.tar.gz
139c794c22f16b579d08ddd3008c8038b9bb2814f35b5bcca91f50a1f458978d  helm-v3.20.2-darwin-arm64.tar.gz
0093eb572e3d2380f094df162ddb525e219249de88957afe24cfbb19632acd36  helm-v3.21.0-linux-amd64.tar.gz
8de5a0c9a47431e59fd560e91e0779c8cf9316c383da7efb84128a4c339ecb2d  helm-v3.21.0-linux-arm64.tar.gz
8bc0c1f85f8738cc3cda4a2cc73047145bcdcb1f4d9cdcc29073037bfb22fa2e  helm-v3.21.0-darwin-amd64.tar.gz
68bfbdc022c543a2a022597b20298216877e98abe6e4a345d3ecf114d79cae5f  helm-v3.21.0-darwin-arm64.tar.gz
# helm, pins
0a745198de24545d0055cd8414bc8d2ba10363ef5f5d38369ea1b399671cc083  helm-v3.21.2-linux-amd64.tar.gz
bbd559fc0547f1d96ccbc68fe4f1cb98f01808f36538139e669369066b781267  helm-v3.21.2-linux-arm64.tar.gz
82ac9105e657267cb029b5bf27ed28e35db104777328a036a84d345046f9f329  helm-v3.21.2-darwin-amd64.tar.gz
aea537342b4c03cf58e089cb8dc99468087bb1a0218531df40462faca3f6c5d3  helm-v3.21.2-darwin-arm64.tar.gz
15e041a93a590dce8100f39385cd98c84a765c9e36aeeb9e2dc6ff9e4769e2e0  helm-v3.21.3-linux-amd64.tar.gz
67f58155079ff9ffab98ba5c88daff0ed9b542f3a4732f5dd426dde7dd0f5244  helm-v3.21.3-linux-arm64.tar.gz
76d0db4730b05d3d625eee11e80f0721b32b4d8422f4e5d093de6337bf3ac9f8  helm-v3.21.3-darwin-amd64.tar.gz
19879a848cad832b7a1ac24b767a481d20fb3b95ab53a220849649422ada144e  helm-v3.21.3-darwin-arm64.tar.gz
61f88ab166748cb19604d7884cb100ae9ccb13804ddeb98e08af167eacbb6a14  helm-v3.21.4-linux-amd64.tar.gz
b54c04b4e0b2540bbdc08c17a121dab70e9a2ed0de5705528fec68a5fd3b85a7  helm-v3.21.4-linux-arm64.tar.gz
9173d05edf9592c6be1d0412ffafd935448dfc7a63c2bc732b8c67e55503e8a8  helm-v3.21.4-darwin-amd64.tar.gz
6e0bf5eb6daafc2b1ec34bb5ba04ef103f3afc16192fb19805c2924d7ea1033f  helm-v3.21.4-darwin-arm64.tar.gz
1e4ab49e429626cf6c6958d914248b78c9730803c2751b87627e171dc800e7bb  helm-v3.22.0-linux-amd64.tar.gz
f14e804dfee240f55525b667488fe9adca349e63e00c9af634c0beb1421ac310  helm-v3.22.0-linux-arm64.tar.gz
bd1d09f316558dda23698527859600936fed1371021ce0f2272d66b2fdcfa69c  helm-v3.22.0-darwin-amd64.tar.gz
4c9982a6cdeb458b60258df66b55398ca5b19293f6877faffe2909ad6f23dfe0  helm-v3.22.0-darwin-arm64.tar.gz
# cert-manager, rules_helm
c77e9e7c1cc96e066bd240d190d1beed9a6b08060b2043ef0862c4f865eca08f  helm-v4.0.0-linux-amd64.tar.gz
8c5c77e20cc29509d640e208a6a7d2b7e9f99bb04e5b5fbe22707b72a5235245  helm-v4.0.0-linux-arm64.tar.gz
125233cf943e6def2abc727560c5584e9083308d672d38094bae1cc3e0bfeaa2  helm-v4.0.0-darwin-amd64.tar.gz
4f5d367af9e2141b047710539d22b7e5872cdaef788333396077236feb422419  helm-v4.0.0-darwin-arm64.tar.gz
e0365548f01ed52a58a1181ad310b604a3244f59257425bb1739499372bdff60  helm-v4.0.1-linux-amd64.tar.gz
959fa52d34e2e1f0154e3220ed5f22263c8593447647a43af07890bba4b004d1  helm-v4.0.1-linux-arm64.tar.gz
a8d1ca46c3ff5484b2b635dfc25832add4f36fdd09cf2a36fb709829c05b4112  helm-v4.0.1-darwin-amd64.tar.gz
8e0b9615cf72a62faaa0cfc0e22115f05bcddfd3d7ee58406ef97bc1ba563ae8  helm-v4.0.1-darwin-arm64.tar.gz
980756a9b2fd501a1d6ddd1b21741678875df005c91bb05bb41093988bb83bb7  helm-v4.0.2-linux-amd64.tar.gz
3de681b463fb783f49f5ab72d700c057124ef73fa74062624b8fe95deafded4b  helm-v4.0.2-linux-arm64.tar.gz
1dd2ce37855f5380abc86d56ab38387d4f1b8b05be296760addfe32d7c56a393  helm-v4.0.2-darwin-amd64.tar.gz
fed6a23bba5db8a21e40175f44c159e057b26a6361f4280e24c820d0841e150b  helm-v4.0.2-darwin-arm64.tar.gz
29454bc351f4433e66c00f5d37841627cbbcc02e4c70a6d796529d355237671c  helm-v4.0.4-linux-amd64.tar.gz
16b88acc6503d646b7537a298e7389bef469c5cc9ebadf727547abe9f6a35903  helm-v4.0.4-linux-arm64.tar.gz
73bcfd6ab000fdc95acf9fe1c59e8e47179426a653e45ae485889869d4a00523  helm-v4.0.4-darwin-amd64.tar.gz
a7ea99937a9679b3935fa0a2b70e577aa1ea84e5856e7c0821ca6ffa064ea976  helm-v4.0.4-darwin-arm64.tar.gz
730e4e9fbff94168249ddd0b9b1b8c357b7f64815462dd88c6b39f09bf18b814  helm-v4.0.5-linux-amd64.tar.gz
206a7747702d13994a93629eaed4259bd9d0aec6e23ca52d640f47f7edfdc863  helm-v4.0.5-linux-arm64.tar.gz
270d906140eadbe95584d2cebae1fa0e46950027d82de0c4db937dc936b564a6  helm-v4.0.5-darwin-amd64.tar.gz
b4d04ccf68004604e13878fce4a893711490914512f8759879f848136a9f5fca  helm-v4.0.5-darwin-arm64.tar.gz
8e7ae5cb890c56f53713bffec38e41cd8e7e4619ebe56f8b31cd383bfb3dbb83  helm-v4.1.0-linux-amd64.tar.gz
81315e404b6d09b65bee577a679ab269d6d44652ef2e1f66a8f922b51ca93f6b  helm-v4.1.0-linux-arm64.tar.gz
a326073ae392bed8b73c415d1d9d6880b0f5accb18aa9456975562b44a87c650  helm-v4.1.0-darwin-amd64.tar.gz
f12e2723c5e8eaff3e4b3670536867289fb6ab7f797fa2efedd1c53cfaca62fb  helm-v4.1.0-darwin-arm64.tar.gz
5d4c7623283e6dfb1971957f4b755468ab64917066a8567dd50464af298f4031  helm-v4.1.1-linux-amd64.tar.gz
02a5fb7742469d2d132e24cb7c3f52885894043576588c6788b6813297629edd  helm-v4.1.1-linux-arm64.tar.gz
6b8dbb03abb74e9ab8e69ca3f9b6459178be11317d0ac502f922621c05fdc866  helm-v4.1.1-darwin-amd64.tar.gz
b8f49e105b1d2fd8c8a90ba3fc9af48db91d2d1ca3b9e788352fc7c896bbb71a  helm-v4.1.1-darwin-arm64.tar.gz
02ce9722d541238f81459938b84cf47df2fdf1187493b4bfb2346754d82a4700  helm-v4.1.3-linux-amd64.tar.gz
5db45e027cc8de4677ec869e5d803fc7631b0bab1c1eb62ac603a62d22359a43  helm-v4.1.3-linux-arm64.tar.gz
742132e11cc08a81c97f70180cd714ae8376f8c896247a7b14ae1f51838b5a0b  helm-v4.1.3-darwin-amd64.tar.gz
21c02fe2f7e27d08e24a6bf93103f9d2b25aab6f13f91814b2cfabc99b108a5e  helm-v4.1.3-darwin-arm64.tar.gz
70b2c30a19da4db264dfd68c8a3664e05093a361cefd89572ffb36f8abfa3d09  helm-v4.1.4-linux-amd64.tar.gz
13d03672be289045d2ff00e4e345d61de1c6f21c1257a45955a30e8ae036d8f1  helm-v4.1.4-linux-arm64.tar.gz
abf09c8503ad1d8ef76d3737a058c3456a998aae5f5966fce4bb3031aeb1654e  helm-v4.1.4-darwin-amd64.tar.gz
7c2eca678e8001fa863cdf8cbf6ac1b3799f9404a89eb55c08260ef5732e658d  helm-v4.1.4-darwin-arm64.tar.gz
# argo-cd, cert-manager, rules_helm
97dbeb971be4ac4b27e3839976d9564c0fb35c6f3b1da89dd1e292d236af4096  helm-v4.2.0-linux-amd64.tar.gz
1f8de130dfbd04de64978e7b852a7a547be1404956a366608276d2520b678670  helm-v4.2.0-linux-arm64.tar.gz
1376ea697140e4db316736e760d5a47d12afc1524dce704476ef06fd7fdeddc6  helm-v4.2.0-darwin-amd64.tar.gz
f13f959015447b6bc309f9fd506509926543988a39035c088b52522ec95e2acb  helm-v4.2.0-darwin-arm64.tar.gz
# argo-cd, cert-manager
479dca836e5b45e8bd222400c5591b0e3a647378f03ff96597180db97c17fdae  helm-v4.2.1-linux-amd64.tar.gz
596b9a73d366c1e72ce67d595c22805480e30914593aafbc9f547694e72814db  helm-v4.2.1-linux-arm64.tar.gz
2a21c9f368d608bcf6eb794ebc06514eb6b529a846b60fe4a43dea7bcce65228  helm-v4.2.1-darwin-amd64.tar.gz
896472d2ec0740c60f64a9df0fc30d478beee38a1a2a6ed91aa6e6ee177c1575  helm-v4.2.1-darwin-arm64.tar.gz
9adafecab4d406853bba163a70e9f104f47dbbf65ce24b7653bae7e36150bcb6  helm-v4.2.2-linux-amd64.tar.gz
78803142087a0069fa4b50d3f32a84d3ef25c14d1ee8a40fbccf86a6216d2f36  helm-v4.2.2-linux-arm64.tar.gz
10c1e36ee8c5f2e2ee25a16599cb03ab74c0953cd889cacb980a49ba4b6574ba  helm-v4.2.2-darwin-amd64.tar.gz
5410a0dae3d5d91f45653b161260d9301aabc4ae80ae50a6605d66884b6df8ea  helm-v4.2.2-darwin-arm64.tar.gz
e9b88b4ee95b18c706839c28d3a0220e5bc470e9cd9262410c90793c45ff8b7c  helm-v4.2.3-linux-amd64.tar.gz
21abd9354d39b2cd79a8d76be6912cd137a983cbf997193503fb8a6a6e2f2785  helm-v4.2.3-linux-arm64.tar.gz
ff3ac86755a45f3422473bc1200776aac0fe04c5766abe6ca66699f7b564b23b  helm-v4.2.3-darwin-amd64.tar.gz
048ecf5ad3160f83d918f9fe945238d2132b079640f7b106175331c25f242c64  helm-v4.2.3-darwin-arm64.tar.gz
c306b46f719b0a4da32d0f78ee21bf90ce8d602f15b22ab753f0674d1670a7f3  helm-v4.2.4-linux-amd64.tar.gz
564de2191b881e9f71b5606b25345821ea1682f06ab90499d3ab22b530176da1  helm-v4.2.4-linux-arm64.tar.gz
6c163d687ca03c3b5c01928e53bbbcf9518278f47ce7a2f249a5a08e8bdaa2bc  helm-v4.2.4-darwin-amd64.tar.gz
d747eb4e28bd2727173d15b759fa0a17822291ec09db7ced3d55af290a3661a2  helm-v4.2.4-darwin-arm64.tar.gz
# helm, pins
86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb  helm-v4.3.0-linux-amd64.tar.gz
31c5794dd55c66a51e6b7d2e2ac7a114ae8b1de41ff1d9ba51748ac973b06a08  helm-v4.3.0-linux-arm64.tar.gz
347a784877e0e20eac865e8d1c36a80f6bb0861d6f29abd34defb6570ef95d92  helm-v4.3.0-darwin-amd64.tar.gz
d3870437e1e95b67f8edbde964156c84a26503f560821d40c542441658934fba  helm-v4.3.0-darwin-arm64.tar.gz
`,HELM_DIGESTS=new Map([...SUMS.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gm)].map(([,digest="",archive=""])=>[archive,digest]));async function downloadHelm(options,signal){let version=parseHelmVersion(options.version);if(!version)throw failed(`helm-version: "${options.version}" is not an exact version`,"Write it as 4.3.1.");let exact=`${version.major}.${version.minor}.${version.patch}`,{target=ownTarget()}=options,wanted=chooseDigest(exact,target,options),root=options.toolCache||options.folder,home=join(root,"acr-nopass-helm",exact,`${target}-${wanted.slice(0,16)}`),program=join(home,"helm");if(existsSync(program))return program;let url=`${options.mirror.replace(/\/$/,"")}/helm-v${exact}-${target}.tar.gz`,archive=await fetchArchive(url,options.environment,signal),found=sha256(archive),shown=withoutLogin(url);if(found!==wanted)throw failed(`${shown} has the SHA-256 ${found}, but ${wanted} is pinned`);await mkdir(root,{recursive:!0});let work=await mkdtemp(join(root,"helm-download-"));try{await writeFile(join(work,"helm.tar.gz"),archive);let env={PATH:options.environment.PATH??""};if((await runProgram("tar",["-xzf",join(work,"helm.tar.gz"),"-C",work,`${target}/helm`],env)).exitCode!==0)throw failed(`${shown} holds no ${target}/helm`);return await chmod(join(work,target,"helm"),493),await mkdir(home,{recursive:!0}),await rename(join(work,target,"helm"),program),program}finally{await rm(work,{recursive:!0,force:!0})}}function ownTarget(){return`${platform()==="darwin"?"darwin":"linux"}-${arch()==="arm64"?"arm64":"amd64"}`}function failed(message,hint){return new NopassError("HELM_DOWNLOAD_FAILED",message,hint===void 0?{}:{hint})}function chooseDigest(version,target,{sha256:given,mirror,digests=HELM_DIGESTS}){let archive=`helm-v${version}-${target}.tar.gz`,known=digests.get(archive),wanted=given.toLowerCase();if(wanted!==""&&!/^[0-9a-f]{64}$/.test(wanted))throw failed("helm-sha256 does not have 64 hexadecimal digits, as a SHA-256 has",`Set it to the SHA-256 of ${archive}.`);if(known===void 0&&wanted===""){let versions=[...digests.keys()].filter(name=>name.endsWith(`-${target}.tar.gz`)).map(name=>name.split("-")[1]?.slice(1));throw failed(`helm ${version} is not on PATH, and the checksum of ${archive} is not known here: helm-sha256 is needed`,`Set helm-sha256 to the checksum that ${withoutLogin(mirror)} publishes for it, or take a version that needs none: ${versions.join(", ")}.`)}if(known!==void 0&&wanted!==""&&wanted!==known)throw failed(`helm-sha256 is ${wanted}, but ${archive} has the SHA-256 ${known}`,"Leave helm-sha256 out: this version needs none. An archive with another checksum is not the one that Helm published.");return known??wanted}var LIMIT_MS=3e5,LIMIT_BYTES=200*1024*1024,REDIRECTS=5;async function fetchArchive(url,environment,signal,limit=LIMIT_BYTES){let either=AbortSignal.any([signal,AbortSignal.timeout(LIMIT_MS)]);try{let address=new URL(url);for(let left=REDIRECTS;;left--){let proxy=agentProxy(proxyOf(address,environment)),agent=address.protocol==="https:"?new https.Agent({...proxy,rejectUnauthorized:!0}):new http.Agent(proxy),{status,headers,body}=await exchange({url:address,method:"GET",headers:{},agent,limit},either);if(status===200)return body;if(!(status>=300&&status<400)||headers.location===void 0||left===0)throw failed(`${withoutLogin(address.href)} returned ${status}`);address=new URL(headers.location,address)}}catch(cause){if(signal.throwIfAborted(),cause instanceof NopassError)throw cause;let{code,message}=cause,reason=code??message;throw new NopassError("HELM_DOWNLOAD_FAILED",`${withoutLogin(url)} cannot be fetched`,{cause,reason})}}function withoutLogin(address){return address.replace(/^(\w+:\/\/)[^/?#]*@/,"$1")}export{downloadHelm,fetchArchive};
