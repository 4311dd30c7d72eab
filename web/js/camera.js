// @ts-check
/** The camera as a source of pictures. */

import { Failure, cameraFailure } from "./failure.js";

/**
 * @typedef {object} Source something whose pictures go to the server
 * @property {MediaStream} stream one video track, unmirrored
 * @property {string} label
 * @property {string} deviceId the camera's, or "" for a file
 * @property {boolean} facesPerson whether it is the person in front of the screen, so that mirroring feels right
 * @property {() => void} close stop the pictures; idempotent
 */

const WANTED_WIDTH_PX = 640;
const WANTED_HEIGHT_PX = 480;
const WANTED_FPS = 30;

/**
 * Open a camera.
 * @param {string} deviceId "" for whichever the browser prefers
 * @param {AbortSignal} signal aborting closes the camera, also later
 * @param {() => void} onLost called when the camera goes away by itself
 * @returns {Promise<Source>}
 */
export async function openCamera(deviceId, signal, onLost) {
  if (!window.isSecureContext) throw new Failure("insecure_origin");
  if (!navigator.mediaDevices?.getUserMedia) throw new Failure("unsupported_browser");
  const stream = await request(deviceId);
  const close = () => stream.getTracks().forEach((track) => track.stop());
  if (signal.aborted) {
    close();
    signal.throwIfAborted();
  }
  signal.addEventListener("abort", close, { once: true });
  const track = /** @type {MediaStreamTrack} */ (stream.getVideoTracks()[0]);
  track.contentHint = "motion";
  track.addEventListener("ended", onLost, { once: true, signal }); // not fired by our own stop()
  const settings = track.getSettings();
  return {
    stream,
    label: track.label,
    deviceId: settings.deviceId ?? "",
    facesPerson: settings.facingMode !== "environment",
    close,
  };
}

/**
 * The cameras that there are; their names are empty until a camera has been allowed once.
 * @returns {Promise<MediaDeviceInfo[]>}
 */
export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId !== "");
}

/** @param {string} deviceId */
async function request(deviceId) {
  /** @type {MediaTrackConstraints} */
  const video = {
    width: { ideal: WANTED_WIDTH_PX },
    height: { ideal: WANTED_HEIGHT_PX },
    frameRate: { ideal: WANTED_FPS, max: WANTED_FPS },
    facingMode: "user",
  };
  try {
    if (deviceId) {
      try {
        return await navigator.mediaDevices.getUserMedia({ video: { ...video, deviceId: { exact: deviceId } } });
      } catch (error) {
        // The camera of last time is not plugged in any more: take another one.
        if (!(error instanceof DOMException && error.name === "OverconstrainedError")) throw error;
      }
    }
    return await navigator.mediaDevices.getUserMedia({ video });
  } catch (error) {
    throw cameraFailure(error);
  }
}
