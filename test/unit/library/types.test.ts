import { expect, expectTypeOf, test } from 'vitest';
import type * as dmfd from '../../../src/index.js';

type Library = typeof dmfd;

/** Checked by the compiler: the test itself only says that they were. */
test('the public types are as promised', () => {
  expectTypeOf<ReturnType<Library['createDevice']>>().toEqualTypeOf<Promise<dmfd.Device>>();
  expectTypeOf<ReturnType<Library['createDeviceSync']>>().toEqualTypeOf<dmfd.Device>();
  expectTypeOf<ReturnType<Library['createSwap']>>().toEqualTypeOf<Promise<dmfd.Swap>>();
  expectTypeOf<ReturnType<Library['createSwapSync']>>().toEqualTypeOf<dmfd.Swap>();
  expectTypeOf<ReturnType<Library['planSwap']>>().toEqualTypeOf<Promise<dmfd.SwapPlan>>();
  expectTypeOf<ReturnType<Library['probe']>>().toEqualTypeOf<Promise<dmfd.Probe>>();
  expectTypeOf<ReturnType<Library['listDevices']>>().toEqualTypeOf<Promise<dmfd.DeviceSummary[]>>();
  expectTypeOf<ReturnType<Library['reapDevices']>>().toEqualTypeOf<Promise<dmfd.DeviceSummary[]>>();
  expectTypeOf<ReturnType<Library['findHolders']>>().toEqualTypeOf<Promise<string[]>>();
  expectTypeOf<ReturnType<Library['waitGone']>>().toEqualTypeOf<Promise<dmfd.Remains>>();
  expectTypeOf<Parameters<Library['createDevice']>>().toEqualTypeOf<
    Parameters<(request: dmfd.DeviceRequest, options?: dmfd.CallOptions) => void>
  >();
  expectTypeOf<Parameters<Library['waitGone']>[2]>().toEqualTypeOf<
    { readonly signal?: AbortSignal } | undefined
  >();
  expectTypeOf<dmfd.CallOptions['signal']>().toEqualTypeOf<AbortSignal | undefined>();
  expectTypeOf<dmfd.Device>().toExtend<Disposable & AsyncDisposable & dmfd.DeviceFacts>();
  expectTypeOf<dmfd.Device['size']>().toEqualTypeOf<bigint>();
  expectTypeOf<dmfd.Device['diskseq']>().toEqualTypeOf<bigint>();
  expectTypeOf<dmfd.Device['path']>().toEqualTypeOf<string>();
  expectTypeOf<dmfd.Swap['swapSize']>().toEqualTypeOf<bigint>();
  expectTypeOf<dmfd.SwapRequest['size']>().toEqualTypeOf<bigint | undefined>();
  expectTypeOf<dmfd.DeviceSummary['deferredRemove']>().toEqualTypeOf<boolean>();
  expectTypeOf<dmfd.Mode>().toEqualTypeOf<'auto' | 'atomic' | 'fallback'>();
  expectTypeOf<dmfd.DeviceRequest['key']>().toEqualTypeOf<dmfd.KeySource | undefined>();
  expectTypeOf<'key-missing'>().toExtend<dmfd.ErrorCode>();
  expectTypeOf<string>().not.toExtend<dmfd.ErrorCode>();
  expectTypeOf<InstanceType<Library['DmfdError']>['code']>().toEqualTypeOf<dmfd.ErrorCode>();
  expectTypeOf<
    { [Name in keyof Library]: unknown extends Library[Name] ? Name : never }[keyof Library]
  >().toBeNever();
  expect.assertions(0);
});
