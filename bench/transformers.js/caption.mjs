// node caption.mjs FOLDER fp32|fp16|q8 THREADS PIXELS.f32
// Prints "ready" when the model is loaded. Then, for each line {"batch": n, "size": side, "length": tokens, "read": whether PIXELS.f32 is new} on stdin,
// captions the pictures of that file greedily, every caption of that many tokens, and prints the ids of the first, the start token among them.
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { AutoModelForVision2Seq, Tensor, env } from '@huggingface/transformers';

const [folder, dtype, threads, pixels] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = dirname(resolve(folder));
const model = await AutoModelForVision2Seq.from_pretrained(basename(resolve(folder)), {
    dtype,
    device: 'cpu',
    session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});
console.log('ready');

let pixel_values;
for await (const line of createInterface({ input: process.stdin })) {
    const { batch, size, length, read } = JSON.parse(line);
    if (read) {
        const bytes = readFileSync(pixels);
        pixel_values = new Tensor('float32', new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)), [batch, 3, size, size]);
    }
    const ids = await model.generate({ pixel_values, min_length: length, max_length: length, do_sample: false });
    console.log(JSON.stringify(ids.tolist()[0].map(Number)));
}
