// node caption.mjs FOLDER fp32|fp16|q8 PIXELS.f32 IMAGES SIZE MAX_LENGTH [PICTURE...]
// Prints one JSON object: ids and texts of pictures given as pixel values, and of picture files.
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AutoModelForVision2Seq, AutoProcessor, AutoTokenizer, RawImage, Tensor, env } from '@huggingface/transformers';

const [folder, dtype, pixels, images, size, maxLength, ...pictures] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const name = basename(folder);
const model = await AutoModelForVision2Seq.from_pretrained(name, { dtype });
const tokenizer = await AutoTokenizer.from_pretrained(name);
const processor = await AutoProcessor.from_pretrained(name);

const file = readFileSync(pixels);
const values = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
const perImage = values.length / Number(images);
const result = { ids: [], texts: [], fileIds: [] };
for (let i = 0; i < Number(images); ++i) {
    const tensor = new Tensor('float32', values.slice(i * perImage, (i + 1) * perImage), [1, 3, Number(size), Number(size)]);
    const output = await generate(tensor);
    result.ids.push(output);
    result.texts.push(tokenizer.decode(output, { skip_special_tokens: true }));
}
for (const picture of pictures) {
    const { pixel_values } = await processor(await RawImage.read(picture));
    result.fileIds.push(await generate(pixel_values));
}
console.log(JSON.stringify(result));

async function generate(pixel_values) {
    const output = await model.generate({ pixel_values, max_length: Number(maxLength), do_sample: false, num_beams: 1 });
    return output.tolist()[0].map(Number);
}
