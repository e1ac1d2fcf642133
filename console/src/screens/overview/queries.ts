import { graphql, type ResultOf } from '../../api/graphql';

export const OverviewNumbers = graphql(`
  query OverviewNumbers {
    overview {
      customers
      enabledCustomers
      registeredLastDay
      registeredLastWeek
      registeredPerDay {
        date
        count
      }
      mailsPending
      mailsFailed
      deliveriesPending
      deliveriesFailed
      admins
      adminsWithoutSecondFactor
    }
  }
`);

export type Overview = ResultOf<typeof OverviewNumbers>['overview'];

export const number = (value: number) => value.toLocaleString('en');
/** "1 mail", "2 mails". */
export const amount = (value: number, one: string, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });
export const dayName = (date: string) => day.format(new Date(`${date}T00:00:00Z`));
