# HF-like ViT + GPT-2 written the way Transformers writes it, exported by torch.onnx.export (1.13), weights from a fixture.
import json,struct,sys,math,numpy as np,torch
from torch import nn
import torch.nn.functional as F
root,out,opset=sys.argv[1],sys.argv[2],int(sys.argv[3])
b=open(root+"/model.safetensors","rb").read(); n=struct.unpack("<Q",b[:8])[0]; h=json.loads(b[8:8+n])
W={k:torch.from_numpy(np.frombuffer(b[8+n+v["data_offsets"][0]:8+n+v["data_offsets"][1]],dtype=np.float32).reshape(v["shape"]).copy()) for k,v in h.items() if k!="__metadata__"}
cfg=json.load(open(root+"/config.json")); E,D=cfg["encoder"],cfg["decoder"]
class GeluNew(nn.Module):
    def forward(s,x): return 0.5*x*(1.0+torch.tanh(math.sqrt(2.0/math.pi)*(x+0.044715*torch.pow(x,3.0))))
class ViTSelf(nn.Module):
    def __init__(s):
        super().__init__(); H=E["hidden_size"]; s.h=E["num_attention_heads"]; s.d=H//s.h
        s.query=nn.Linear(H,H); s.key=nn.Linear(H,H); s.value=nn.Linear(H,H)
    def tr(s,x): return x.view(x.size()[:-1]+(s.h,s.d)).permute(0,2,1,3)
    def forward(s,x):
        q=s.query(x); k=s.tr(s.key(x)); v=s.tr(s.value(x)); q=s.tr(q)
        a=torch.matmul(q,k.transpose(-1,-2))/math.sqrt(s.d); a=nn.functional.softmax(a,dim=-1)
        c=torch.matmul(a,v).permute(0,2,1,3).contiguous(); return c.view(c.size()[:-2]+(s.h*s.d,))
class Holder(nn.Module): pass
class ViTLayer(nn.Module):
    def __init__(s):
        super().__init__(); H,I=E["hidden_size"],E["intermediate_size"]
        s.attention=Holder(); s.attention.attention=ViTSelf(); s.attention.output=Holder(); s.attention.output.dense=nn.Linear(H,H)
        s.intermediate=Holder(); s.intermediate.dense=nn.Linear(H,I); s.output=Holder(); s.output.dense=nn.Linear(I,H)
        s.layernorm_before=nn.LayerNorm(H,eps=E["layer_norm_eps"]); s.layernorm_after=nn.LayerNorm(H,eps=E["layer_norm_eps"])
    def forward(s,x):
        x=s.attention.output.dense(s.attention.attention(s.layernorm_before(x)))+x
        return s.output.dense(F.gelu(s.intermediate.dense(s.layernorm_after(x))))+x
class ViT(nn.Module):
    def __init__(s):
        super().__init__(); H,p=E["hidden_size"],E["patch_size"]; N=(E["image_size"]//p)**2
        e=s.embeddings=Holder(); e.cls_token=nn.Parameter(torch.zeros(1,1,H)); e.position_embeddings=nn.Parameter(torch.zeros(1,N+1,H)); e.patch_embeddings=Holder(); e.patch_embeddings.projection=nn.Conv2d(3,H,p,p)
        s.encoder=Holder(); s.encoder.layer=nn.ModuleList(ViTLayer() for _ in range(E["num_hidden_layers"])); s.layernorm=nn.LayerNorm(H,eps=E["layer_norm_eps"])
    def forward(s,pixel_values):
        e=s.embeddings; B=pixel_values.shape[0]
        x=e.patch_embeddings.projection(pixel_values).flatten(2).transpose(1,2)
        x=torch.cat((e.cls_token.expand(B,-1,-1),x),dim=1)+e.position_embeddings
        for l in s.encoder.layer: x=l(x)
        return s.layernorm(x)
class Conv1D(nn.Module):
    def __init__(s,nf,nx): super().__init__(); s.nf=nf; s.weight=nn.Parameter(torch.zeros(nx,nf)); s.bias=nn.Parameter(torch.zeros(nf))
    def forward(s,x):
        size=x.size()[:-1]+(s.nf,); x=torch.addmm(s.bias,x.view(-1,x.size(-1)),s.weight); return x.view(size)
class Attn(nn.Module):
    def __init__(s,cross):
        super().__init__(); n=D["n_embd"]; s.n=n; s.h=D["n_head"]; s.cross=cross
        P=D["n_positions"]; s.register_buffer("bias",torch.tril(torch.ones((P,P),dtype=torch.uint8)).view(1,1,P,P)); s.register_buffer("masked_bias",torch.tensor(-1e4))
        if cross: s.c_attn=Conv1D(2*n,n); s.q_attn=Conv1D(n,n)
        else: s.c_attn=Conv1D(3*n,n)
        s.c_proj=Conv1D(n,n)
    def sp(s,t): return t.view(t.size()[:-1]+(s.h,s.n//s.h)).permute(0,2,1,3)
    def forward(s,x,enc=None,past=None):
        if s.cross: q=s.q_attn(x); k,v=s.c_attn(enc).split(s.n,dim=2)
        else: q,k,v=s.c_attn(x).split(s.n,dim=2)
        q,k,v=s.sp(q),s.sp(k),s.sp(v)
        if past is not None: k=torch.cat((past[0],k),dim=-2); v=torch.cat((past[1],v),dim=-2)
        w=torch.matmul(q,k.transpose(-1,-2)); w=w/torch.tensor(v.size(-1)**0.5,dtype=w.dtype)
        if not s.cross:
            ql,kl=q.size(-2),k.size(-2); cm=s.bias[:,:,kl-ql:kl,:kl].bool(); w=torch.where(cm,w,s.masked_bias.to(w.dtype))
        w=nn.functional.softmax(w,dim=-1); o=torch.matmul(w,v).permute(0,2,1,3).contiguous(); o=o.view(o.size()[:-2]+(s.n,))
        return s.c_proj(o),(k,v)
class Block(nn.Module):
    def __init__(s):
        super().__init__(); n=D["n_embd"]; eps=D["layer_norm_epsilon"]
        s.ln_1=nn.LayerNorm(n,eps=eps); s.attn=Attn(False); s.ln_cross_attn=nn.LayerNorm(n,eps=eps); s.crossattention=Attn(True); s.ln_2=nn.LayerNorm(n,eps=eps)
        s.mlp=Holder(); s.mlp.c_fc=Conv1D(4*n,n); s.mlp.c_proj=Conv1D(n,4*n); s.act=GeluNew()
    def forward(s,x,enc,past):
        a,p=s.attn(s.ln_1(x),past=past); x=a+x
        x=x+s.crossattention(s.ln_cross_attn(x),enc=enc)[0]
        return x+s.mlp.c_proj(s.act(s.mlp.c_fc(s.ln_2(x)))),p
class GPT2(nn.Module):
    def __init__(s):
        super().__init__(); n=D["n_embd"]; t=s.transformer=Holder(); t.wte=nn.Embedding(D["vocab_size"],n); t.wpe=nn.Embedding(D["n_positions"],n)
        t.h=nn.ModuleList(Block() for _ in range(D["n_layer"])); t.ln_f=nn.LayerNorm(n,eps=D["layer_norm_epsilon"]); s.lm_head=nn.Linear(n,D["vocab_size"],bias=False); s.proj=None
    def forward(s,ids,enc,*past):
        t=s.transformer; ids=ids.view(-1,ids.size(-1)); pl=past[0].size(-2) if past else 0
        pos=torch.arange(pl,ids.size(-1)+pl,dtype=torch.long).unsqueeze(0).view(-1,ids.size(-1))
        if s.proj is not None: enc=s.proj(enc)
        x=t.wte(ids)+t.wpe(pos); outs=[]
        for i,b in enumerate(t.h): x,p=b(x,enc,(past[2*i],past[2*i+1]) if past else None); outs+=p
        return (s.lm_head(t.ln_f(x)),*outs)
vit=ViT(); print(vit.load_state_dict({k[8:]:v for k,v in W.items() if k.startswith("encoder.")},strict=False))
gpt=GPT2(); sd={k[8:]:v for k,v in W.items() if k.startswith("decoder.")}; sd["lm_head.weight"]=sd["transformer.wte.weight"]
if "enc_to_dec_proj.weight" in W: gpt.proj=nn.Linear(*W["enc_to_dec_proj.weight"].shape[::-1]); sd["proj.weight"]=W["enc_to_dec_proj.weight"]; sd["proj.bias"]=W["enc_to_dec_proj.bias"]
r=gpt.load_state_dict(sd,strict=False); print([k for k in r.missing_keys if "bias" not in k or "attn.bias" not in k and "masked" not in k and "attention.bias" not in k],r.unexpected_keys)
vit.eval(); gpt.eval(); S=E["image_size"]; px=torch.randn(2,3,S,S); enc=vit(px)
import os; os.makedirs(out+"/onnx",exist_ok=True)
torch.onnx.export(vit,(px,),out+"/onnx/encoder_model.onnx",input_names=["pixel_values"],output_names=["last_hidden_state"],dynamic_axes={"pixel_values":{0:"b"},"last_hidden_state":{0:"b"}},opset_version=opset,do_constant_folding=True)
L=D["n_layer"]; hd=D["n_embd"]//D["n_head"]; past=[torch.randn(2,D["n_head"],3,hd) for _ in range(2*L)]
nm=[f"past_key_values.{i}.{p}" for i in range(L) for p in("key","value")]; pr=[f"present.{i}.{p}" for i in range(L) for p in("key","value")]
dyn={"input_ids":{0:"b",1:"s"},"encoder_hidden_states":{0:"b",1:"e"},**{k:{0:"b",2:"p"} for k in nm}}
torch.onnx.export(gpt,(torch.ones(2,1,dtype=torch.long),enc,*past),out+"/onnx/decoder_with_past_model.onnx",input_names=["input_ids","encoder_hidden_states"]+nm,output_names=["logits"]+pr,dynamic_axes=dyn,opset_version=opset,do_constant_folding=True)
torch.onnx.export(gpt,(torch.ones(2,4,dtype=torch.long),enc),out+"/onnx/decoder_model.onnx",input_names=["input_ids","encoder_hidden_states"],output_names=["logits"]+pr,dynamic_axes={"input_ids":{0:"b",1:"s"},"encoder_hidden_states":{0:"b",1:"e"}},opset_version=opset,do_constant_folding=True)
