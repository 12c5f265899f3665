import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, expectTypeOf, test } from 'vitest';
import type * as dmfd from '../../../src/index.js';

type Library = typeof dmfd;

type IsAny<T> = 0 extends 1 & T ? true : false;
type Taken<T> = T extends (...values: infer Values) => unknown ? Values[number] : never;
type Given<T> = T extends (...values: never[]) => infer Result ? Awaited<Result> : never;

/** What of a type is `any`: itself, a property, what a method takes or gives. */
type AnyIn<T> =
  IsAny<T> extends true
    ? 'itself'
    : T extends object
      ? {
          [Name in keyof T]-?: true extends IsAny<T[Name]> | IsAny<Taken<T[Name]>> | IsAny<Given<T[Name]>>
            ? Name
            : never;
        }[keyof T]
      : never;

/** Checked by the compiler: the test itself only says that they were. */
test('the public types are as promised', () => {
  expectTypeOf<ReturnType<Library['createDevice']>>().toEqualTypeOf<Promise<dmfd.Device>>();
  expectTypeOf<ReturnType<Library['createDeviceSync']>>().toEqualTypeOf<dmfd.Device>();
  expectTypeOf<ReturnType<Library['createSwap']>>().toEqualTypeOf<Promise<dmfd.Swap>>();
  expectTypeOf<ReturnType<Library['createSwapSync']>>().toEqualTypeOf<dmfd.Swap>();
  expectTypeOf<ReturnType<Library['planSwap']>>().toEqualTypeOf<Promise<dmfd.SwapPlan>>();
  expectTypeOf<ReturnType<Library['planSwapSync']>>().toEqualTypeOf<dmfd.SwapPlan>();
  expectTypeOf<ReturnType<Library['planDevice']>>().toEqualTypeOf<Promise<dmfd.DevicePlan>>();
  expectTypeOf<ReturnType<Library['planDeviceSync']>>().toEqualTypeOf<dmfd.DevicePlan>();
  expectTypeOf<ReturnType<Library['probe']>>().toEqualTypeOf<Promise<dmfd.Probe>>();
  expectTypeOf<ReturnType<Library['listDevices']>>().toEqualTypeOf<Promise<dmfd.DeviceSummary[]>>();
  expectTypeOf<ReturnType<Library['reapDevices']>>().toEqualTypeOf<Promise<dmfd.Reaped>>();
  expectTypeOf<ReturnType<Library['removeDevice']>>().toEqualTypeOf<Promise<dmfd.Removal>>();
  expectTypeOf<ReturnType<Library['resizeDevice']>>().toEqualTypeOf<Promise<dmfd.Resized>>();
  expectTypeOf<ReturnType<Library['findHolders']>>().toEqualTypeOf<Promise<string[]>>();
  expectTypeOf<ReturnType<Library['waitGone']>>().toEqualTypeOf<Promise<dmfd.Remains>>();
  expectTypeOf<Parameters<Library['createDevice']>>().toEqualTypeOf<
    Parameters<(request: dmfd.DeviceRequest, options?: dmfd.CallOptions) => void>
  >();
  expectTypeOf<Parameters<Library['waitGone']>[2]>().toEqualTypeOf<dmfd.CallOptions | undefined>();
  expectTypeOf<dmfd.CallOptions['signal']>().toEqualTypeOf<AbortSignal | undefined>();
  expectTypeOf<dmfd.Device>().toExtend<Disposable & AsyncDisposable & dmfd.DeviceFacts>();
  expectTypeOf<dmfd.Device['size']>().toEqualTypeOf<bigint>();
  expectTypeOf<dmfd.Device['diskseq']>().toEqualTypeOf<bigint>();
  expectTypeOf<dmfd.Device['path']>().toEqualTypeOf<string>();
  expectTypeOf<dmfd.Swap['swapSize']>().toEqualTypeOf<bigint>();
  expectTypeOf<dmfd.SwapRequest['size']>().toEqualTypeOf<bigint | undefined>();
  expectTypeOf<dmfd.DeviceSummary['deferredRemove']>().toEqualTypeOf<boolean>();
  expectTypeOf<dmfd.DeviceState>().toEqualTypeOf<'held' | 'being-made' | 'leaked' | 'kept'>();
  expectTypeOf<AnyIn<dmfd.Reaped | dmfd.ReapedLoop | dmfd.ReapRequest | dmfd.StaleLink>>().toBeNever();
  expectTypeOf<dmfd.Mode>().toEqualTypeOf<'auto' | 'atomic' | 'fallback'>();
  expectTypeOf<dmfd.DeviceRequest['udev']>().toEqualTypeOf<dmfd.UdevMode | undefined>();
  expectTypeOf<dmfd.UdevMode>().toEqualTypeOf<'quiet' | 'full' | 'none'>();
  expectTypeOf<dmfd.DeviceRequest['key']>().toEqualTypeOf<dmfd.KeySource | undefined>();
  expectTypeOf<'key-missing'>().toExtend<dmfd.ErrorCode>();
  expectTypeOf<string>().not.toExtend<dmfd.ErrorCode>();
  expectTypeOf<InstanceType<Library['DmfdError']>['code']>().toEqualTypeOf<dmfd.ErrorCode>();
  expectTypeOf<AnyIn<Library>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.Device | dmfd.DeviceFacts | dmfd.DeviceIdentity | dmfd.DeviceNumber>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.LoopIdentity | dmfd.LoopFeatures | dmfd.Remains | dmfd.Probe>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.DeviceSummary | dmfd.TargetVersion | dmfd.Swap | dmfd.SwapPlan>>().toBeNever();
  expectTypeOf<
    AnyIn<dmfd.DeviceRequest | dmfd.SwapRequest | dmfd.TableSource | dmfd.KeySource>
  >().toBeNever();
  expectTypeOf<AnyIn<dmfd.CallOptions | dmfd.ListeningOptions | dmfd.Step | dmfd.StepListener>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.DmfdError | dmfd.ErrorDetails>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.DevicePlan | dmfd.LayerPlan | dmfd.Resized | dmfd.Removal>>().toBeNever();
  expectTypeOf<
    AnyIn<dmfd.ErrorCode | dmfd.ErrorKind | dmfd.Mode | dmfd.KeyGiven | dmfd.Discard>
  >().toBeNever();
  expectTypeOf<AnyIn<dmfd.Backing | dmfd.BackingName | dmfd.Corruption>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.CryptSegment | dmfd.DelaySegment | dmfd.DeviceChoice>>().toBeNever();
  expectTypeOf<
    AnyIn<dmfd.FlakeyFeature | dmfd.FlakeySegment | dmfd.IntegritySegment | dmfd.Layer>
  >().toBeNever();
  expectTypeOf<AnyIn<dmfd.LayerFacts | dmfd.LayerIdentity | dmfd.LinearSegment>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.ListRequest | dmfd.Message | dmfd.PlainSegment>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.ResizeRequest | dmfd.Segment | dmfd.SegmentLayer>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.SegmentRequest | dmfd.SnapshotSegment | dmfd.StripedSegment>>().toBeNever();
  expectTypeOf<AnyIn<dmfd.TableLayer | dmfd.TableRequest | dmfd.VeritySegment>>().toBeNever();
  expect.assertions(0);
});

test('each type that is exported is among them', () => {
  const here = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  const index = readFileSync(fileURLToPath(new URL('../../../src/index.ts', import.meta.url)), 'utf8');
  const lists = [...index.matchAll(/^export (type )?\{(.*?)\}/gms)];
  const types = lists.flatMap(([, areTypes, names = '']) =>
    names.split(',').filter((name) => areTypes !== undefined || /^\s*type /.test(name)),
  );
  const names = types.map((name) => name.replace('type ', '').trim()).filter((name) => name !== '');
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !new RegExp(`\\bdmfd\\.${name}\\b`).test(here))).toEqual([]);
});
