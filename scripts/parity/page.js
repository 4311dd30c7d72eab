/**
 * Draws avatars with three-vrm, the way the studio's renderer does: same light, same orthographic camera.
 *
 * `window.load(url, leftOut, features)` and `window.draw(shot)` are called by reference.py, which documents their arguments.
 */

import * as THREE from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';
import { VRMLoaderPlugin, VRMUtils } from '@pixiv/three-vrm';

/** How far away the camera stands: MToon's rim looks along the ray, which must be parallel to the axis. */
const DISTANCE_M = 200;
const DEPTH_M = 8;
const SPRING_STEP_S = 1 / 60;

const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('canvas'));
const renderer = new THREE.WebGLRenderer({
  canvas,
  alpha: true,
  antialias: false,
  premultipliedAlpha: true,
  preserveDrawingBuffer: true,
});
renderer.setPixelRatio(1);
renderer.setClearColor(0x000000, 0);

/** @type {{ vrm: import('@pixiv/three-vrm').VRM, scene: THREE.Scene, light: THREE.DirectionalLight } | null} */
let shown = null;

/** Takes one feature out of an MToon material, to see what it is worth. */
const without = {
  matcap: (material) => { material.matcapTexture = null; },
  rim: (material) => { material.parametricRimColorFactor.setScalar(0); },
  normal: (material) => { material.normalMap = null; },
  emission: (material) => { material.emissive.setScalar(0); },
  outline: (material) => { material.visible = !material.isOutline; },
};

/** Loads an avatar without the glTF nodes in `leftOut` and `features`; returns the names of its expressions. */
window.load = async (url, leftOut, features) => {
  if (shown) VRMUtils.deepDispose(shown.scene);
  const loader = new GLTFLoader();
  loader.register((parser) => new VRMLoaderPlugin(parser));
  const gltf = await loader.loadAsync(url);
  const vrm = gltf.userData.vrm;
  VRMUtils.rotateVRM0(vrm);
  for (const index of leftOut) (await gltf.parser.getDependency('node', index)).visible = false;
  vrm.scene.traverse((object) => {
    object.frustumCulled = false;
  });
  for (const material of gltf.userData.vrmMToonMaterials) {
    for (const feature of features) without[feature](material);
    material.needsUpdate = true;
  }
  const scene = new THREE.Scene();
  // With intensity pi and no ambient light a fully lit surface has exactly its lit colour.
  const light = new THREE.DirectionalLight(0xffffff, Math.PI);
  scene.add(vrm.scene, light, light.target);
  shown = { vrm, scene, light };
  return vrm.expressionManager.expressions.map((expression) => expression.expressionName);
};

/** Draws the loaded avatar; returns premultiplied RGBA, bottom row first, in base 64. */
window.draw = (shot) => {
  if (!shown) throw new Error('load an avatar first');
  const { vrm, scene, light } = shown;
  vrm.humanoid.resetNormalizedPose();
  for (const [name, quaternion] of Object.entries(shot.bones)) {
    vrm.humanoid.getNormalizedBoneNode(name)?.quaternion.fromArray(quaternion);
  }
  for (const expression of vrm.expressionManager.expressions) expression.weight = 0;
  for (const [name, weight] of Object.entries(shot.expressions)) vrm.expressionManager.setValue(name, weight);
  vrm.springBoneManager?.reset();
  vrm.update(0);
  scene.updateMatrixWorld(true);
  for (let step = 0; step < shot.springSteps; step += 1) vrm.springBoneManager?.update(SPRING_STEP_S);
  light.position.fromArray(shot.light).multiplyScalar(10);

  const { left, right, top, bottom } = shot.camera;
  const camera = new THREE.OrthographicCamera(left, right, top, bottom, DISTANCE_M - DEPTH_M, DISTANCE_M + DEPTH_M);
  camera.position.z = DISTANCE_M;
  renderer.setSize(shot.size, shot.size, false);
  renderer.render(scene, camera);

  const gl = renderer.getContext();
  const pixels = new Uint8Array(shot.size * shot.size * 4);
  gl.readPixels(0, 0, shot.size, shot.size, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  let text = '';
  for (let at = 0; at < pixels.length; at += 0x8000) text += String.fromCharCode(...pixels.subarray(at, at + 0x8000));
  return btoa(text);
};

window.ready = true;
